import { html } from './html.js';
import { boot } from './state.js';

/** Environment and service, as both lists of evidence filter by them. */
export function PlaceFilters({ env, service, onChange }) {
  const { environments = [], services = [], ownEnvironment } = boot.value ?? {};
  return html`<label>in <select class="field" value=${env} onChange=${(event) => onChange({ env: event.currentTarget.value })}>${environments.map((name) => html`<option value=${name}>${name}</option>`)}<option value=${ownEnvironment}>Edwin itself</option></select></label>
    ${env !== ownEnvironment && html`<label>of <select class="field" value=${service} onChange=${(event) => onChange({ service: event.currentTarget.value })}><option value="">all services</option>${services.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>`}`;
}

/** Where most of interest happens at first: the environment before the last. */
export function usualEnvironment() {
  const { environments = [] } = boot.value ?? {};
  return environments[Math.max(0, environments.length - 2)] ?? '';
}
