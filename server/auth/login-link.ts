/** The link a person opens: its token is in the fragment, which no server, proxy or log ever sees. */
export function loginLink(publicUrl: string, token: string): string {
  return `${publicUrl.replace(/\/+$/, "")}/#login=${token}`;
}
