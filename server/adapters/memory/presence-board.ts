import type { Peer, PresenceBoard } from "../../services/ports/presence-board.ts";

interface User {
  readonly peers: Map<string, Peer>;
  readonly watchers: Set<() => void>;
}

/** Knows the clients of this process alone: behind a balancer without Redis, keep a user's clients at one server, or they
 *  do not see each other. */
export function createMemoryPresenceBoard(): PresenceBoard {
  const users = new Map<string, User>();
  const change = (name: string, apply: (user: User) => void) => {
    const user = users.get(name) ?? { peers: new Map(), watchers: new Set() };
    users.set(name, user);
    apply(user);
    if (user.peers.size === 0 && user.watchers.size === 0) users.delete(name);
  };
  const tell = ({ watchers }: User) => {
    for (const changed of [...watchers]) changed();
  };
  return {
    put: (name, peer) =>
      change(name, (user) => {
        user.peers.set(peer.clientId, peer);
        tell(user);
      }),
    remove: (name, clientId) =>
      change(name, (user) => {
        if (user.peers.delete(clientId)) tell(user);
      }),
    peers: (name) => [...(users.get(name)?.peers.values() ?? [])].toSorted((a, b) => a.sinceMs - b.sinceMs),
    watch(name, changed) {
      // A watcher of its own, so that one function may watch twice.
      const watcher = () => changed();
      change(name, ({ watchers }) => watchers.add(watcher));
      return { [Symbol.dispose]: () => change(name, ({ watchers }) => watchers.delete(watcher)) };
    },
    async [Symbol.asyncDispose]() {
      users.clear();
    },
  };
}
