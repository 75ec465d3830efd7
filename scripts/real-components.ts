/**
 * Starts the real MinIO, Redis and PostgreSQL that tests and benchmarks use, on loopback, with their data in one folder.
 *   node scripts/real-components.ts start DIR   prints `NAME=value` lines for the environment
 *   node scripts/real-components.ts stop DIR
 * Needs minio (PLATEMARK_MINIO_BIN or on PATH), redis-server and PostgreSQL's initdb and pg_ctl.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";

const ACCESS_KEY = "platemark-test";
const SECRET_KEY = "platemark-test-secret";

function which(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  return undefined;
}

function need(name: string, found: string | undefined): string {
  if (found) return found;
  process.stderr.write(`${name} is not installed.\n`);
  process.exit(1);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

function background(folder: string, name: string, command: string, args: string[], env = {}): void {
  const log = openSync(join(folder, `${name}.log`), "a");
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, ...env },
  });
  writeFileSync(join(folder, `${name}.pid`), String(child.pid));
  child.unref();
}

async function until(what: string, ready: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    if (await Promise.resolve(ready()).catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  process.stderr.write(`${what} did not start within 60 s.\n`);
  process.exit(1);
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function postgresBin(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions)
    if (existsSync(`${root}/${version}/bin/initdb`)) return `${root}/${version}/bin`;
  const initdb = which("initdb");
  return initdb?.slice(0, -"/initdb".length);
}

/** PostgreSQL refuses to run as root: then it runs as the `postgres` user that its package makes. */
function asPostgres(command: string, args: string[]): [string, string[]] {
  return process.getuid?.() === 0
    ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...args]]
    : [command, args];
}

async function start(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const minio = need("minio", process.env.PLATEMARK_MINIO_BIN ?? which("minio"));
  const redis = need("redis-server", which("redis-server"));
  const postgres = need("PostgreSQL", postgresBin());
  const [minioPort, redisPort, postgresPort] = [await freePort(), await freePort(), await freePort()];

  mkdirSync(join(folder, "minio"), { recursive: true });
  background(
    folder,
    "minio",
    minio,
    ["server", "--address", `127.0.0.1:${minioPort}`, join(folder, "minio")],
    {
      MINIO_ROOT_USER: ACCESS_KEY,
      MINIO_ROOT_PASSWORD: SECRET_KEY,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
    },
  );

  mkdirSync(join(folder, "redis"), { recursive: true });
  background(folder, "redis", redis, [
    "--port",
    String(redisPort),
    "--bind",
    "127.0.0.1",
    "--dir",
    join(folder, "redis"),
    "--appendonly",
    "yes",
  ]);

  const data = join(folder, "postgres");
  mkdirSync(data, { recursive: true });
  if (process.getuid?.() === 0) {
    const uid = Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" }));
    const gid = Number(execFileSync("id", ["-g", "postgres"], { encoding: "utf8" }));
    chownSync(data, uid, gid);
  }
  if (readdirSync(data).length === 0)
    execFileSync(
      ...asPostgres(`${postgres}/initdb`, [
        "-D",
        data,
        "-U",
        "platemark",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
      ]),
      { stdio: "ignore" },
    );
  const [command, args] = asPostgres(`${postgres}/postgres`, [
    "-D",
    data,
    "-p",
    String(postgresPort),
    "-h",
    "127.0.0.1",
    "-k",
    "",
    "-c",
    "max_connections=200",
  ]);
  background(folder, "postgres", command, args);

  await until("MinIO", async () => (await fetch(`http://127.0.0.1:${minioPort}/minio/health/live`)).ok);
  await until("Redis", () => succeeds("redis-cli", ["-p", String(redisPort), "ping"]));
  await until("PostgreSQL", () =>
    succeeds(`${postgres}/pg_isready`, ["-h", "127.0.0.1", "-p", String(postgresPort), "-q"]),
  );
  const lines = {
    PLATEMARK_TEST_MINIO_URL: `http://127.0.0.1:${minioPort}`,
    PLATEMARK_TEST_MINIO_ACCESS_KEY: ACCESS_KEY,
    PLATEMARK_TEST_MINIO_SECRET_KEY: SECRET_KEY,
    PLATEMARK_TEST_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    PLATEMARK_TEST_POSTGRES_URL: `postgres://platemark@127.0.0.1:${postgresPort}/postgres`,
    PLATEMARK_TEST_CHROMIUM: which("chromium") ?? "",
    PLATEMARK_TEST_EXIFTOOL: which("exiftool") ?? "",
    PLATEMARK_TEST_IMAGEMAGICK:
      which("magick") ??
      ["/usr/bin/convert", "/usr/bin/convert-im6.q16"].find((path) => existsSync(path)) ??
      "",
    PLATEMARK_TEST_PYTHON: which("python3") ?? "",
  };
  for (const [name, value] of Object.entries(lines)) if (value) process.stdout.write(`${name}=${value}\n`);
}

function stop(folder: string): void {
  for (const name of ["minio", "redis", "postgres"]) {
    const file = join(folder, `${name}.pid`);
    if (!existsSync(file)) continue;
    try {
      process.kill(Number(readFileSync(file, "utf8")), "SIGTERM");
    } catch {
      // It has ended already.
    }
  }
}

const [verb, folder] = process.argv.slice(2);
if (verb === "start" && folder) await start(resolve(folder));
else if (verb === "stop" && folder) stop(resolve(folder));
else {
  process.stderr.write("usage: node scripts/real-components.ts start|stop DIR\n");
  process.exit(2);
}
