import { AppError } from "#kernel/errors.ts";
import { isWholeType, type ResourceType } from "./resource-type.ts";
import type { XdsResource } from "./snapshot.ts";

/** More names than any configuration has: who asks for more means harm. */
const MOST_NAMES = 10_000;
/** The version of what a client may have or not. */
const UNSURE = "";

/** The two variants of the xDS protocol: each answer says everything, or only what has changed. */
export type AdsVariant = "state_of_the_world" | "delta";

export interface Pending {
  readonly nonce: string;
  /** What is in force at the client when it accepts. */
  readonly content: ReadonlyMap<string, XdsResource>;
  /** Of all that it should have. */
  readonly version: string;
  /** Names that were spoken of. */
  readonly names: readonly string[];
}

/** What one client wants of one type, what it was sent, and what of that it has taken. */
export class Subscription {
  readonly type: ResourceType;
  /** By name, its version; `null`: it was told that there is none. What was refused counts as sent, too. */
  readonly sent = new Map<string, string | null>();
  /** What is in force at the client, as far as it has said. */
  accepted: ReadonlyMap<string, XdsResource> = new Map();
  /** Sent, and not answered yet. At most one. */
  pending: Pending | null = null;
  /** What was refused last, and may be in force in parts all the same; `null` once an answer was accepted. */
  refused: Pending | null = null;
  lastNonce: string | null = null;
  /** The client waits for an answer, also to nothing new. */
  asked = true;
  #wildcard = false;
  #names = new Set<string>();
  /** Whether it has ever given a name: only before does an empty list mean “all”. */
  #named = false;

  constructor(type: ResourceType) {
    this.type = type;
  }

  get wildcard(): boolean {
    return this.#wildcard;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** State of the world: the list is all that is wanted from now on. @throws AppError `resource_exhausted` */
  replace(list: readonly string[]): void {
    const names = new Set(list);
    const wildcard = isWholeType(this.type) && (names.delete("*") || (list.length === 0 && !this.#named));
    this.#named ||= list.length > 0;
    if ((wildcard && !this.#wildcard) || [...names].some((name) => !this.wants(name))) this.asked = true;
    this.#set(names, wildcard);
  }

  /** Delta: what is wanted besides, and what no more. A name that is given again is sent again.
   *  @throws AppError `resource_exhausted` */
  change(more: readonly string[], less: readonly string[]): void {
    const first = this.lastNonce === null && !this.#named && !this.#wildcard;
    const names = new Set(this.#names);
    let wildcard = this.#wildcard || (first && more.length === 0 && isWholeType(this.type));
    for (const name of more) {
      if (name === "*" && isWholeType(this.type)) wildcard = true;
      else {
        names.add(name);
        this.sent.delete(name);
      }
    }
    for (const name of less) {
      if (name === "*") wildcard = false;
      names.delete(name);
    }
    this.#named ||= more.length > 0;
    if ((wildcard && !this.#wildcard) || (more.length > 0 && this.refused !== null)) this.asked = true;
    this.#set(names, wildcard);
  }

  /** The client refuses what is pending. In delta it may have taken parts, and has to be told all of it again, when it
   *  is another. */
  refuse(variant: AdsVariant): void {
    const { pending } = this;
    this.pending = null;
    this.refused = pending;
    if (variant === "delta")
      for (const name of pending?.names ?? []) if (this.wants(name)) this.sent.set(name, UNSURE);
  }

  #set(names: Set<string>, wildcard: boolean): void {
    if (names.size > MOST_NAMES)
      throw new AppError("resource_exhausted", `More than ${MOST_NAMES} names of type ${this.type}.`);
    this.#names = names;
    this.#wildcard = wildcard;
    // A client forgets what it wants no more: should it want that again, it is sent again.
    for (const name of this.sent.keys()) if (!this.wants(name)) this.sent.delete(name);
    const wanted = (content: ReadonlyMap<string, XdsResource>) =>
      new Map([...content].filter(([name]) => this.wants(name)));
    this.accepted = wanted(this.accepted);
    if (this.pending) this.pending = { ...this.pending, content: wanted(this.pending.content) };
  }
}
