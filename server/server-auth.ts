/** How callers prove who they are: a token for this launch (one user, on this computer), or signed tokens, of a secret
 *  and of the public keys that the settings name. */
export type ServerAuth =
  | { readonly kind: "launch"; readonly token: string }
  | { readonly kind: "signed"; readonly secret: string | undefined };
