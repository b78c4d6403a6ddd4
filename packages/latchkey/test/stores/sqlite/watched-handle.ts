import type { SqliteDatabase, SqliteStatement, SqliteValue } from '../../../src/stores/sqlite/index.ts';

/** The action for one statement: run it, fail instead of running it, or fail after it ran. */
export type Interference = 'run' | 'fail-before' | 'fail-after';

/** A real handle whose statements are recorded and can be made to fail. */
export interface WatchedHandle {
  readonly db: SqliteDatabase;
  /** The first words of every statement that ran, in order. */
  readonly log: string[];
  interfere: (sql: string) => Interference;
}

export function watchHandle(real: SqliteDatabase): WatchedHandle {
  const watched: WatchedHandle = { db: { exec, prepare }, log: [], interfere: () => 'run' };

  function around<T>(sql: string, run: () => T): T {
    const interference = watched.interfere(sql);
    if (interference === 'fail-before') throw diskError();
    const result = run();
    watched.log.push(sql.trim().split(/\s+/, 2).join(' '));
    if (interference === 'fail-after') throw diskError();
    return result;
  }

  function exec(sql: string): unknown {
    return around(sql, () => real.exec(sql));
  }

  function prepare(sql: string): SqliteStatement {
    const statement = real.prepare(sql);
    return {
      run: (...values: SqliteValue[]) => around(sql, () => statement.run(...values)),
      get: (...values: SqliteValue[]) => around(sql, () => statement.get(...values)),
      all: (...values: SqliteValue[]) => around(sql, () => statement.all(...values)),
    };
  }

  return watched;
}

/** The error of node:sqlite when the disk fails. */
function diskError(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
}
