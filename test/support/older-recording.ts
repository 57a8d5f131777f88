import { DatabaseSync } from 'node:sqlite';

/** Makes of a recording one as earlier versions wrote it: what came later is taken out. */
export function makeOlder(path: string, version: 1 | 2, change = ''): void {
  using db = new DatabaseSync(path);
  db.exec('DROP TABLE states; DROP TABLE rounds; DROP TABLE contributions;');
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all()) {
    db.exec(`DROP INDEX ${String(name)}`);
  }
  if (version === 1) {
    db.exec('ALTER TABLE runs DROP COLUMN malformed_rows; ALTER TABLE runs DROP COLUMN cut_bodies;');
  }
  db.exec(`${change}; PRAGMA user_version = ${version};`);
}
