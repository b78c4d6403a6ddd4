/** Takes the write lock of a file, reports it, and keeps it until standard input ends. Argument: the file. */

import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.argv[2] ?? '');
db.exec('BEGIN IMMEDIATE');
process.stdout.write('locked\n');
process.stdin.resume();
process.stdin.once('end', () => {
  db.exec('COMMIT');
  db.close();
});
