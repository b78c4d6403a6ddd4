/**
 * The cluster slot of a key: CRC-16 (XMODEM) of the key, or of the text between its first braces.
 *
 * Source: the Redis Cluster specification, "Key distribution model" and "Hash tags".
 *
 * @module
 */

import { Buffer } from 'node:buffer';

const slots = 16_384;
const polynomial = 0x1021;

/** From 0 to 16,383. */
export function keySlot(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % slots;
}

function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ polynomial) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
