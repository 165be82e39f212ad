/**
 * Descriptors: what relays say of themselves, signed.
 *
 * @module
 */

export { decodeDescriptor, encodeDescriptor } from "./codec.ts";
export {
  BOUNDS,
  type Descriptor,
  type DescriptorAddress,
  type DescriptorLimits,
  type Role,
  ROLES,
} from "./descriptor.ts";
export { addressText, type DescriptorJson, descriptorJson } from "./json.ts";
export {
  type DescriptorFault,
  readVerifiedDescriptor,
  signDescriptor,
  type SignedDescriptor,
  verifyDescriptor,
  verifyDescriptorText,
} from "./signed.ts";
