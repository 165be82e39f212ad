/**
 * Forms as browsers send them.
 *
 * @module
 */

/** Longest form, in bytes. */
const MAX_FORM = 64 * 1024;
/** How long it may take to arrive, in ms. */
const TIMEOUT_MS = 10_000;
/** Most fields. */
const MAX_FIELDS = 500;

/** A form cannot be read; `status` is that of the answer. */
export class FormError extends Error {
  override readonly name = "FormError";

  constructor(
    readonly status: 400 | 408 | 413 | 415,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The fields of a form.
 *
 * @throws {FormError}
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
    throw new FormError(415, "This is not a form of this page.");
  }
  const text = new TextDecoder().decode(await readBody(request));
  const fields = new URLSearchParams(text);
  if (fields.size > MAX_FIELDS) {
    throw new FormError(413, "This form is too long.");
  }
  return fields;
}

async function readBody(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const body = new Uint8Array(MAX_FORM);
  let length = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {/* It has ended. */});
  }, TIMEOUT_MS);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (length + value.length > MAX_FORM) {
        await reader.cancel();
        throw new FormError(413, "This form is too long.");
      }
      body.set(value, length);
      length += value.length;
    }
  } catch (cause) {
    if (cause instanceof FormError) throw cause;
    throw new FormError(400, "The form did not arrive.", { cause });
  } finally {
    clearTimeout(timer);
  }
  if (late) throw new FormError(408, "The form took too long to arrive.");
  return body.subarray(0, length);
}
