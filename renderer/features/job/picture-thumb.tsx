import { useEffect, useState } from "react";
import { type ItemView, thumbPath } from "#contracts/ipc.ts";
import { Icon } from "../../ui/icons.tsx";

/** Milliseconds that a picture must stay in sight before its thumbnail is asked for. */
const LINGER_MS = 80;

/** A picture's thumbnail; an empty field for what cannot be drawn. */
export function PictureThumb({ picture }: { picture: ItemView | undefined }) {
  const id = picture === undefined || hasNoPixels(picture) ? null : picture.id;
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    if (id === null) return;
    const timer = setTimeout(() => setShown(id), LINGER_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return (
    <span className="thumb">
      {picture !== undefined && id === null && <Icon name="noPicture" />}
      {id !== null && shown === id && (
        <img src={thumbPath(id)} alt="" decoding="async" onError={() => setShown(null)} />
      )}
    </span>
  );
}

/** True for files that were found to be no readable picture. */
export function hasNoPixels({ reason }: ItemView): boolean {
  return reason !== null && (reason.code.startsWith("picture.") || reason.code.startsWith("file."));
}
