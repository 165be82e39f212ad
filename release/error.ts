/** The release tool cannot do what it was asked; the message says why. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}
