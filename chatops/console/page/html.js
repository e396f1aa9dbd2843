import htm from 'htm';
import { h } from 'preact';

/** Tagged templates instead of JSX, so that the page needs no build step. */
export const html = htm.bind(h);
