import { useEffect, useRef, useState } from "react";
import type { Response } from "#contracts/ipc.ts";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";
import { Button, IconButton, Notice } from "../../ui/controls.tsx";
import { Icon } from "../../ui/icons.tsx";

type Listing = Response<"folder.list">;

/** Folders of the computer that Platemark runs on, where no native dialog can be had. */
export function FolderBrowser(props: {
  readonly onClose: () => void;
  readonly onChoose: (path: string) => void;
}) {
  const { t, reason } = useText();
  const { client } = useServices();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [path, setPath] = useState<string | null>(null);
  const [listing, setListing] = useState<Listing | null>(null);
  const [problem, setProblem] = useState<ErrorBody | null>(null);

  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let current = true;
    client.call("folder.list", { path }).then(
      (answer) => {
        if (!current) return;
        setListing(answer);
        setProblem(null);
      },
      (error: unknown) => current && setProblem(toErrorBody(AppError.from(error))),
    );
    return () => {
      current = false;
    };
  }, [client, path]);
  useEffect(() => {
    if (listing !== null) list.current?.querySelector("button")?.focus();
  }, [listing]);

  return (
    <dialog ref={dialog} className="folder-browser" aria-labelledby="folder-title" onClose={props.onClose}>
      <header>
        <h2 id="folder-title">{t("folder.title")}</h2>
        <IconButton icon="close" label={t("action.close")} onClick={() => dialog.current?.close()} />
      </header>
      <div className="where">
        <IconButton
          icon="up"
          label={t("folder.up")}
          disabled={!listing?.parent}
          onClick={() => setPath(listing?.parent ?? null)}
        />
        <span className="truncate">
          <bdi>{listing?.path ?? ""}</bdi>
        </span>
      </div>
      {problem && <Notice bad>{reason(problem)}</Notice>}
      <ul ref={list} aria-label={t("folder.list")}>
        {listing?.folders.map((folder) => (
          <li key={folder.path}>
            <button type="button" onClick={() => setPath(folder.path)}>
              <Icon name="folder" />
              <span className="truncate">{folder.name}</span>
            </button>
          </li>
        ))}
        {listing?.folders.length === 0 && <li className="empty">{t("folder.none")}</li>}
      </ul>
      <footer>
        <span className="quiet" role="status">
          {listing && t("folder.here", listing.pictures)}
        </span>
        <span className="ways">
          <Button onClick={() => dialog.current?.close()}>{t("action.cancel")}</Button>
          <Button
            look="primary"
            disabled={listing === null}
            onClick={() => listing && props.onChoose(listing.path)}
          >
            {t("folder.import")}
          </Button>
        </span>
      </footer>
    </dialog>
  );
}
