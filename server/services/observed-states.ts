import type { MediaState } from "#contracts/media-state.ts";
import type { MediaRepository } from "./ports/media-repository.ts";

/** The repository, telling of each picture that comes into a state. */
export function observeStates(
  repository: MediaRepository,
  onState: (state: MediaState, count: number) => void,
): MediaRepository {
  return new Proxy(repository, {
    get(target, name) {
      if (name === "announce") return announce;
      if (name === "change") return change;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

  async function announce(...asked: Parameters<MediaRepository["announce"]>) {
    const announced = await repository.announce(...asked);
    const created = announced.filter((each) => each.created).length;
    if (created > 0) onState("uploading", created);
    return announced;
  }

  async function change(...asked: Parameters<MediaRepository["change"]>) {
    const changed = await repository.change(...asked);
    if (changed && asked[2].state !== undefined) onState(changed.state, 1);
    return changed;
  }
}
