const MOST_SEGMENTS = 5;

/** Path of a request with its changing parts taken out, so that requests of one kind share a name: `/students/:id`. */
export function routeOf(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1);
  const segments = path.split('/').slice(1);
  const shown = segments.slice(0, MOST_SEGMENTS).map((segment) => (isWord(segment) ? segment : ':id'));
  return `/${shown.join('/')}${segments.length > MOST_SEGMENTS ? '/*' : ''}`;
}

/** A word of an address, perhaps with a version (`v23.0`) or an ending (`page.js`); not an id, a token, or a name. */
function isWord(segment: string): boolean {
  return (
    segment === '' ||
    (/^[a-z][a-z._-]{0,30}(\d{1,3}(\.\d{1,3})?)?(\.[a-z]{2,5})?$/i.test(segment) && !/^[a-f]{8,}$/i.test(segment))
  );
}
