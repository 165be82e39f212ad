import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import { NativeLibraryError, openLibrary } from "../../relay/native/mod.ts";

/** The Deno that Porchlight is made for; `porchlight` fetches it. */
export const PINNED_DENO = "2.9.5";

/** Oldest OpenSSL that has all that SimpleX apps ask for. */
const MIN_OPENSSL = 3;

/** Pages of this size are what programs made by `deno compile` can have. */
const USUAL_PAGE = 4096;

// OpenSSL's numbers of the algorithms (openssl/obj_mac.h).
const NID_X448 = 1035;
const NID_ED448 = 1088;

/** What the program stands on: OpenSSL, Deno, the processor. */
export const libraries: Check = {
  name: "software",
  group: "This machine",
  run() {
    return [openSsl(), deno(), ...processor()];
  },
};

function openSsl(): Verdict {
  try {
    openLibrary("ssl", {
      SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
    }).close();
    const library = openLibrary("crypto", {
      OPENSSL_version_major: { parameters: [], result: "u32" },
      OPENSSL_version_minor: { parameters: [], result: "u32" },
      OPENSSL_version_patch: { parameters: [], result: "u32" },
      EVP_PKEY_new_raw_private_key: {
        parameters: ["i32", "pointer", "buffer", "usize"],
        result: "pointer",
      },
      EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
    });
    const { symbols } = library;
    const has = (id: number, size: number) => {
      const key = symbols.EVP_PKEY_new_raw_private_key(
        id,
        null,
        new Uint8Array(size).fill(1),
        BigInt(size),
      );
      symbols.EVP_PKEY_free(key);
      return key !== null;
    };
    const version = [
      symbols.OPENSSL_version_major(),
      symbols.OPENSSL_version_minor(),
      symbols.OPENSSL_version_patch(),
    ].join(".");
    const isOld = symbols.OPENSSL_version_major() < MIN_OPENSSL;
    const lacks = [
      ...has(NID_X448, 56) ? [] : ["X448"],
      ...has(NID_ED448, 57) ? [] : ["Ed448"],
    ];
    library.close();
    if (isOld || lacks.length > 0) {
      return problem(
        `OpenSSL ${version} is here` +
          (lacks.length > 0 ? ` without ${lacks.join(" and ")}.` : "."),
        {
          meaning: "SimpleX apps cannot connect without it.",
          remedy: "Update OpenSSL (sudo apt full-upgrade), or unset settings " +
            "of the system that restrict it.",
        },
      );
    }
    return ok(`OpenSSL ${version}.`);
  } catch (error) {
    if (!(error instanceof NativeLibraryError)) throw error;
    return problem("OpenSSL 3 cannot be opened.", {
      meaning: "No encrypted connection is possible without it.",
      remedy: error.message,
    });
  }
}

function deno(): Verdict {
  const { deno } = Deno.version;
  if (deno === PINNED_DENO) return ok(`Deno ${deno}.`);
  return warning(`Deno ${deno} runs this, and ${PINNED_DENO} is tested.`, {
    meaning: "It may work; nobody tried.",
    remedy: "Run Porchlight by its script: ./porchlight start",
  });
}

function processor(): Verdict[] {
  const { arch, os } = Deno.build;
  const verdicts: Verdict[] = [
    os === "linux" ? ok(`Linux on ${arch}.`) : warning(`${os} on ${arch}.`, {
      meaning: "A relay for others is tested on Linux alone.",
    }),
  ];
  const page = pageSize();
  if (page !== undefined && page !== USUAL_PAGE && arch === "aarch64") {
    verdicts.push(warning(
      `This kernel has memory pages of ${page / 1024} KB.`,
      {
        meaning:
          "The compiled program crashes with them; run from a checkout, " +
          "as now, it works.",
        remedy: "On a Raspberry Pi 5, write kernel=kernel8.img into " +
          "/boot/firmware/config.txt and restart it.",
      },
    ));
  }
  return verdicts;
}

function pageSize(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const libc = Deno.dlopen("libc.so.6", {
      getpagesize: { parameters: [], result: "i32" },
    });
    const size = libc.symbols.getpagesize();
    libc.close();
    return size;
  } catch {
    return undefined;
  }
}
