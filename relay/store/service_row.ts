/**
 * Services as rows of the database, both ways.
 *
 * @module
 */

import { storeErrorOf } from "./database_errors.ts";
import type { Parameter } from "./group_codec.ts";
import { blob, decodeKeys, encodeKeys, number, type Row } from "./queue_row.ts";
import type { ServiceRecord } from "./store.ts";

/** Columns that `serviceOfRow` needs. */
export const SERVICE_COLUMNS =
  "id, role, certificate_hash, certificates, created_day";

/** Parameters of the statement `addService`. */
export function serviceParameters(service: ServiceRecord): Parameter[] {
  return [
    service.id,
    service.role,
    service.certificateHash,
    encodeKeys(service.certificates),
    service.createdDay,
  ];
}

/** The service of a row. Throws `StoreError` "corrupt" when it is not one. */
export function serviceOfRow(row: Row): ServiceRecord {
  const { role } = row;
  if (role !== "M" && role !== "N" && role !== "P") {
    throw storeErrorOf("corrupt");
  }
  return {
    id: blob(row.id),
    role,
    certificateHash: blob(row.certificate_hash),
    certificates: decodeKeys(blob(row.certificates)),
    createdDay: number(row.created_day),
  };
}
