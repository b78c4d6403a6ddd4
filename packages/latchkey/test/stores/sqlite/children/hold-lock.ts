/** Takes the write lock of a file, reports it, and keeps it until standard input ends. Argument: the file. */

import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.argv[2] ?? '');
// A reader may hold the file for a moment when the lock is released.
db.exec('PRAGMA busy_timeout = 5000');
db.exec('BEGIN IMMEDIATE');
process.stdout.write('locked\n');
process.stdin.resume();
process.stdin.once('end', () => {
  db.exec('COMMIT');
  db.close();
});
