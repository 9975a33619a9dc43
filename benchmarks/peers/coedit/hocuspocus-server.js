// Peer: Hocuspocus as it comes. With DATABASE_URL it stores documents as its database extension does:
// the whole document, some seconds after changes and when the last editor leaves; else in memory only.
import { Database } from "@hocuspocus/extension-database";
import { Server } from "@hocuspocus/server";
import pg from "pg";

const { DATABASE_URL, PORT } = process.env;

async function database() {
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  await pool.query("CREATE TABLE IF NOT EXISTS documents (name text PRIMARY KEY, state bytea NOT NULL)");
  return new Database({
    fetch: async ({ documentName }) => {
      const found = await pool.query("SELECT state FROM documents WHERE name = $1", [documentName]);
      return found.rows[0]?.state ?? null;
    },
    store: ({ documentName, state }) =>
      pool.query(
        "INSERT INTO documents VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
        [documentName, state],
      ),
  });
}

const extensions = DATABASE_URL ? [await database()] : [];
new Server({ port: Number(PORT), address: "127.0.0.1", quiet: true, extensions }).listen();
