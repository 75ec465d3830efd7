import { memo } from "react";
import { useText } from "../../app/messages/text.tsx";
import { usePictures } from "../../app/services.tsx";
import { StateSign } from "../../ui/state-sign.tsx";
import { type PictureCellProps, pictureElementId } from "./picture-cell.ts";
import { PictureThumb } from "./picture-thumb.tsx";

export interface PictureTileProps extends PictureCellProps {
  readonly place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

export const PictureTile = memo(function PictureTile(props: PictureTileProps) {
  const { model, index, selected, place, onSelect, onOpen } = props;
  const { t } = useText();
  const picture = usePictures(model, (state) => state.rows.get(index));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys for all its tiles.
    <div
      id={pictureElementId(index)}
      className="picture-tile"
      role="gridcell"
      tabIndex={-1}
      aria-selected={selected}
      title={picture?.file}
      style={{ transform: `translate(${place.x}px, ${place.y}px)`, width: place.width, height: place.height }}
      onClick={() => onSelect(index)}
      onDoubleClick={onOpen}
    >
      <PictureThumb picture={picture} />
      {picture && (
        <span className="caption">
          <StateSign state={picture.state} label={t(`state.${picture.state}`)} word={false} />
          <span className="truncate">{picture.file.slice(picture.file.lastIndexOf("/") + 1)}</span>
        </span>
      )}
    </div>
  );
});
