import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { type Logger, silentLogger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Peer, PresenceBoard } from "../../services/ports/presence-board.ts";
import { RedisConnection, redisScript } from "./connection.ts";

export interface RedisPresenceBoardOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
  /** Keys are `platemark:presence:NAME:USER`, the channel is `platemark:presence:NAME`. */
  readonly name: string;
  /** How long the clients of a server that is silent are believed to be there. @default 30_000 */
  readonly lifetimeMs?: number;
}

interface User {
  /** Clients of this process. */
  readonly own: Map<string, Peer>;
  readonly watchers: Set<() => void>;
  /** Clients of other processes, as last read. */
  others: readonly Peer[];
  readAtMs: number;
  /** Ends when all that was put down is in Redis, or could not be. */
  written: Promise<void>;
  isDirty: boolean;
}

/** How long a Redis that does not answer is waited for at the end. */
const GOODBYE_MS = 1_000;

/**
 * Puts down all clients of one process, takes away those it had before, and those of processes that are silent; answers
 * the others. The same client at two processes has come again at one of them: the later counts.
 * Says whose have changed, with the process that knows it already.
 * KEYS: the user's hash, the channel. ARGV: process, lifetime, user, then client, since and peer for each.
 */
const EXCHANGE = redisScript(
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder, life = ARGV[1], tonumber(ARGV[2])
local mine = {}
for i = 4, #ARGV, 3 do mine[ARGV[i]] = { since = tonumber(ARGV[i + 1]), peer = ARGV[i + 2] } end
local others, changed = {}, false
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local client, entry = all[i], cjson.decode(all[i + 1])
  local own = mine[client]
  if entry.holder == holder then
    if not own then
      redis.call('HDEL', KEYS[1], client)
      changed = true
    elseif own.peer == entry.peer then
      own.known = true
    end
  elseif entry.till < now or (own and own.since >= entry.since) then
    redis.call('HDEL', KEYS[1], client)
    changed = true
  else
    mine[client] = nil
    others[#others + 1] = entry.peer
  end
end
for client, own in pairs(mine) do
  local entry = { holder = holder, till = now + life, since = own.since, peer = own.peer }
  redis.call('HSET', KEYS[1], client, cjson.encode(entry))
  if not own.known then changed = true end
end
redis.call('PEXPIRE', KEYS[1], 2 * life)
if changed then redis.call('PUBLISH', KEYS[2], holder .. ' ' .. ARGV[3]) end
return others
`,
  { repeatable: true },
);

/**
 * A board that all servers on this Redis share under `name`: clients of one user see each other, wherever each is
 * connected. What this process knows by itself it knows at once, and while Redis is away. Connects at first use.
 */
export function createRedisPresenceBoard(options: RedisPresenceBoardOptions): PresenceBoard {
  return new RedisPresenceBoard(options);
}

class RedisPresenceBoard implements PresenceBoard {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #base: string;
  readonly #holder: string;
  readonly #lifetimeMs: number;
  readonly #connection: RedisConnection;
  /** A connection with a subscription takes no other commands of ours. */
  readonly #listening: RedisConnection;
  readonly #users = new Map<string, User>();
  readonly #stopped = new AbortController();
  #refreshing: Promise<void> | null = null;

  constructor({ url, clock, random, logger, name, lifetimeMs = 30_000 }: RedisPresenceBoardOptions) {
    const deps = logger ? { url, logger } : { url };
    this.#clock = clock;
    this.#logger = logger ?? silentLogger;
    this.#base = `platemark:presence:${name}`;
    this.#holder = random.uuid();
    this.#lifetimeMs = lifetimeMs;
    this.#connection = new RedisConnection(deps);
    this.#listening = new RedisConnection(deps);
  }

  put(name: string, peer: Peer): void {
    const user = this.#user(name);
    user.own.set(peer.clientId, peer);
    tell(user);
    this.#write(name, user);
  }

  remove(name: string, clientId: string): void {
    const user = this.#users.get(name);
    if (!user?.own.delete(clientId)) return;
    tell(user);
    this.#write(name, user);
  }

  peers(name: string): readonly Peer[] {
    const user = this.#users.get(name);
    if (!user) return [];
    const { own, others } = user;
    const elsewhere = others.filter(({ clientId }) => !own.has(clientId));
    return [...own.values(), ...elsewhere].toSorted((a, b) => a.sinceMs - b.sinceMs);
  }

  watch(name: string, changed: () => void): Disposable {
    const user = this.#user(name);
    // A watcher of its own, so that one function may watch twice.
    const watcher = () => changed();
    user.watchers.add(watcher);
    this.#write(name, user);
    return {
      [Symbol.dispose]: () => {
        user.watchers.delete(watcher);
        this.#forget(name, user);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, user] of this.#users) {
      user.own.clear();
      this.#write(name, user);
    }
    const written = Promise.all([...this.#users.values()].map((user) => user.written));
    this.#stopped.abort();
    const late = new AbortController();
    await Promise.race([written, this.#clock.sleep(GOODBYE_MS, { signal: late.signal })]).finally(() =>
      late.abort(),
    );
    await Promise.all([this.#connection.close(), this.#listening.close()]);
    await this.#refreshing;
  }

  #user(name: string): User {
    const known = this.#users.get(name);
    if (known) return known;
    const user: User = {
      own: new Map(),
      watchers: new Set(),
      others: [],
      readAtMs: Number.NEGATIVE_INFINITY,
      written: Promise.resolve(),
      isDirty: false,
    };
    this.#users.set(name, user);
    this.#refreshing ??= this.#refresh();
    return user;
  }

  #forget(name: string, user: User): void {
    if (user.own.size === 0 && user.watchers.size === 0 && !user.isDirty) this.#users.delete(name);
  }

  /** Writes what is the case when its turn comes, so that many changes at once take one write or two. */
  #write(name: string, user: User): void {
    if (user.isDirty) return;
    user.isDirty = true;
    user.written = user.written.then(async () => {
      user.isDirty = false;
      await this.#exchange(name, user);
      this.#forget(name, user);
    });
  }

  async #exchange(name: string, user: User): Promise<void> {
    const peers = [...user.own.values()].flatMap((peer) => [
      peer.clientId,
      peer.sinceMs,
      JSON.stringify(peer),
    ]);
    try {
      const answer = await this.#connection.run(
        EXCHANGE,
        [`${this.#base}:${name}`, this.#base],
        [this.#holder, this.#lifetimeMs, name, ...peers],
      );
      user.readAtMs = this.#clock.now();
      this.#see(
        user,
        (answer as string[]).map((peer) => JSON.parse(peer) as Peer),
      );
    } catch (error) {
      this.#complain(error);
      // They have not been heard of for as long as any of them is believed.
      if (this.#clock.now() - user.readAtMs >= this.#lifetimeMs) this.#see(user, []);
    }
  }

  #see(user: User, others: readonly Peer[]): void {
    const before = JSON.stringify(user.others);
    user.others = others.toSorted((a, b) => a.sinceMs - b.sinceMs);
    if (JSON.stringify(user.others) !== before) tell(user);
  }

  /** Tells Redis in time that the clients are still there, and looks for what no message told. */
  async #refresh(): Promise<void> {
    const { signal } = this.#stopped;
    let isListening = false;
    while (!signal.aborted) {
      if (!isListening) isListening = await this.#listen();
      await this.#clock.sleep(this.#lifetimeMs / 3, { signal }).catch(() => undefined);
      if (!signal.aborted) for (const [name, user] of this.#users) this.#write(name, user);
    }
  }

  async #listen(): Promise<boolean> {
    const changed = (message: string) => {
      const [holder, name = ""] = message.split(" ", 2);
      const user = this.#users.get(name);
      if (user && holder !== this.#holder) this.#write(name, user);
    };
    return await this.#listening.subscribe(this.#base, changed).then(
      () => true,
      (error: unknown) => {
        this.#complain(error);
        return false;
      },
    );
  }

  #complain(error: unknown): void {
    if (!this.#stopped.signal.aborted)
      this.#logger.warn("presence.not_shared", { reason: AppError.from(error).message });
  }
}

function tell({ watchers }: User): void {
  for (const changed of [...watchers]) changed();
}
