/**
 * Whether a response of this status may have a body: not for 1xx, 204, 205 and 304 (RFC 9110 §6.4.1 and §15.3.6). The
 * Fetch API refuses a body there, and a Content-Length would be that of another answer.
 */
export function mayHaveBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}
