/**
 * Bytes as a Buffer, for what only Buffers can do.
 *
 * @module
 */

/** The same bytes, in the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
