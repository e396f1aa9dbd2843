/** The page's API as the page itself uses it: a session, then calls with its proof. */
export interface Page {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
}

export async function openPage(url: string): Promise<Page> {
  const cookie = ((await fetch(`${url}/`)).headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const { proof } = (await (await fetch(`${url}/api/bootstrap`, { headers: { cookie } })).json()) as { proof: string };
  const read = async <T>(answer: Response): Promise<T> => {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    get: async (path) => read(await fetch(`${url}${path}`, { headers: { cookie } })),
    post: async (path, body) =>
      read(
        await fetch(`${url}${path}`, {
          method: 'POST',
          headers: { cookie, 'x-edwin-page': proof, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
  };
}
