import { memo } from "react";
import type { ItemView } from "#contracts/ipc.ts";
import { canRetry } from "../../app/messages/reasons.ts";
import { useText } from "../../app/messages/text.tsx";
import { usePictures } from "../../app/services.tsx";
import { Button, ProgressBar } from "../../ui/controls.tsx";
import { StateSign } from "../../ui/state-sign.tsx";
import { type PictureCellProps, pictureElementId } from "./picture-cell.ts";
import { PictureThumb } from "./picture-thumb.tsx";
import type { Retry } from "./use-retry.ts";

export interface PictureRowProps extends PictureCellProps {
  readonly top: number;
  readonly thumbnail: boolean;
  readonly retry: Retry;
}

export const PictureRow = memo(function PictureRow(props: PictureRowProps) {
  const { model, index, selected, top, thumbnail, retry, onSelect, onOpen } = props;
  const { t, f } = useText();
  const picture = usePictures(model, (state) => state.rows.get(index));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys for all its rows.
    <div
      id={pictureElementId(index)}
      className="picture-row"
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 1}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(index)}
      onDoubleClick={onOpen}
    >
      {thumbnail && (
        <span role="gridcell" tabIndex={-1}>
          <PictureThumb picture={picture} />
        </span>
      )}
      {picture && (
        <>
          <span role="gridcell" tabIndex={-1} className="truncate">
            <StateSign state={picture.state} label={t(`state.${picture.state}`)} />
          </span>
          <FileName file={picture.file} />
          <Progress picture={picture} />
          <span role="gridcell" tabIndex={-1} className="size">
            {f.bytes(picture.size)}
          </span>
          <span role="gridcell" tabIndex={-1} className="way">
            {picture.reason && canRetry(picture.reason.code) && picture.state === "failed" && (
              <Button
                size="small"
                tabIndex={-1}
                onClick={(event) => {
                  event.stopPropagation();
                  retry.run([picture.id]);
                }}
              >
                {t("action.retry")}
              </Button>
            )}
          </span>
        </>
      )}
    </div>
  );
});

function FileName({ file }: { file: string }) {
  const cut = file.lastIndexOf("/") + 1;
  return (
    <span role="gridcell" tabIndex={-1} className="file" title={file}>
      {cut > 0 && <span className="folder truncate">{file.slice(0, cut)}</span>}
      <span className="name truncate">{file.slice(cut)}</span>
    </span>
  );
}

function Progress({ picture }: { picture: ItemView }) {
  const { t, reason } = useText();
  const sending = picture.state === "uploading";
  const words =
    picture.state === "failed" && picture.reason
      ? reason(picture.reason)
      : picture.already
        ? t("state.already")
        : "";
  return (
    <span
      role="gridcell"
      tabIndex={-1}
      className={picture.reason ? "reason truncate" : "quiet truncate"}
      title={words}
    >
      {sending ? (
        <span className="bar">
          <ProgressBar
            label={picture.file}
            ratio={picture.size > 0 ? Math.min(1, picture.bytesSent / picture.size) : 0}
          />
        </span>
      ) : (
        words
      )}
    </span>
  );
}
