let proof = '';

/** What the page asks for first; also renews the proof that the server wants with every post. */
export async function bootstrap() {
  const answer = await get('/api/bootstrap');
  proof = answer.proof;
  return answer;
}

export async function get(path, query = {}, signal = undefined) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : '';
  return read(await fetch(path + search, { signal }));
}

export async function post(path, body) {
  const send = () =>
    fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-edwin-page': proof },
      body: JSON.stringify(body),
    });
  let response = await send();
  if (response.status === 403) {
    // The server was started anew: its proofs are new as well.
    await bootstrap();
    response = await send();
  }
  return read(response);
}

/** Rejects with a sentence a person can read. */
async function read(response) {
  const body = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  throw new Error(body?.message ?? body?.error ?? `The server answered ${response.status}.`);
}
