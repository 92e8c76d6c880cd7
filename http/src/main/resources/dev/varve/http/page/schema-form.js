// A form made from the document's schemas.

import { bytesInput, parseBytes, words } from './format.js';
import { PageElement } from './element.js';
import { html, nothing } from './markup.js';

const IN_BYTES = /^(capacity|max(Read|Write)?BytesPerSecond)$/;
const LONG = new Set(['description']);

/** Fields, hints and the values that were there before; `values()` reads what was entered. */
export class SchemaForm extends PageElement {
  static properties = { fields: { attribute: false }, hints: { attribute: false }, before: { attribute: false }, prefix: {}, chosen: { state: true } };

  constructor() {
    super();
    this.chosen = {};
  }

  render() {
    return html`<div class="fields">${this.fields.map((each) => this.#field(each))}</div>`;
  }

  #field(field) {
    const id = `${this.prefix}-${field.name}`;
    const about = this.hints?.[field.name]?.help ?? field.description;
    const help = about ? `${id}-help` : undefined;
    const control = this.#control(field, id, help);
    if (!this.#isWanted(field)) return nothing;
    const text = html`${this.hints?.[field.name]?.label ?? words(field.name)}${field.required || this.hints?.[field.name]?.onlyWith ? nothing : html` <span class="optional">optional</span>`}`;
    const description = help ? html`<p id=${help} class="help">${about}</p>` : nothing;
    if (field.schema.type === 'boolean')
      return html`<div class="field check">${control}<div><label for=${id}>${words(field.name)}</label>${description}</div></div>`;
    if (field.schema.type === 'array')
      return html`<fieldset class="field"><legend>${text}</legend>${control}${description}</fieldset>`;
    return html`<div class="field"><label for=${id}>${text}</label>${control}${description}</div>`;
  }

  #first(field) {
    return this.hints?.[field.name]?.value ?? this.before?.[field.name] ?? field.schema.default;
  }

  #control(field, id, help) {
    const { schema, name, required } = field;
    const value = this.#first(field);
    const hint = this.hints?.[name];
    const described = help ?? nothing;
    if (schema.type === 'array') return choices(id, name, hint?.choices ?? [], value ?? []);
    if (schema.type === 'boolean')
      return html`<input type="checkbox" id=${id} name=${name} .checked=${Boolean(value)} aria-describedby=${described}>`;
    if (schema.enum || (hint?.options && !hint.open)) {
      const options = (hint?.options ?? schema.enum).map((each) => (Array.isArray(each) ? each : [each, schema.enum ? words(each) : each]));
      return html`<select id=${id} name=${name} aria-describedby=${described} ?required=${required}
        @change=${(event) => this.#choose(name, event.target.value)}>
        ${required || schema.default ? nothing : html`<option value="">${hint?.none ?? '–'}</option>`}
        ${options.map(([key, text]) => html`<option value=${key} ?selected=${key === value}>${text}</option>`)}
      </select>`;
    }
    if (IN_BYTES.test(name)) {
      return html`<input id=${id} name=${name} ?required=${required} autocomplete="off" spellcheck="false" placeholder="20G"
        .value=${value === undefined || value === null ? '' : bytesInput(value)} aria-describedby=${described}>`;
    }
    if (schema.type === 'integer') {
      return html`<input type="number" id=${id} name=${name} ?required=${required} min=${schema.minimum ?? nothing}
        max=${schema.maximum > Number.MAX_SAFE_INTEGER ? nothing : schema.maximum ?? nothing} .value=${value ?? ''} aria-describedby=${described}>`;
    }
    if (LONG.has(name))
      return html`<textarea id=${id} name=${name} rows="2" .value=${value ?? ''} aria-describedby=${described}></textarea>`;
    const list = hint?.options ? `${id}-list` : nothing;
    return html`<input id=${id} name=${name} ?required=${required} autocomplete="off" spellcheck="false" list=${list}
        maxlength=${schema.maxLength ?? nothing} .value=${value ?? ''} aria-describedby=${described}
        placeholder=${schema.name === 'Location' ? '/path/on/the/server' : nothing}>
      ${hint?.options ? html`<datalist id=${list}>${hint.options.map((each) => html`<option value=${each}></option>`)}</datalist>` : nothing}`;
  }

  /** What is chosen may decide what others begin with. */
  #choose(name, value) {
    this.chosen = { ...this.chosen, [name]: value };
    const others = Object.entries(this.hints?.[name]?.sets?.(value) ?? {}).filter(([other]) => other !== name);
    for (const [other, first] of others) this.querySelector(`#${this.prefix}-${other}`).value = first;
  }

  /** Whether a field makes sense with what is chosen in another one. */
  #isWanted({ name }) {
    const [other, value] = this.hints?.[name]?.onlyWith ?? [];
    return !other || (this.chosen[other] ?? this.hints[other]?.value) === value;
  }

  /** Whether all that must be there is, and can be read; tells the user otherwise. */
  check() {
    for (const field of this.fields) {
      const control = this.querySelector(`#${this.prefix}-${field.name}`);
      if (!control || !IN_BYTES.test(field.name)) continue;
      const bad = control.value !== '' && Number.isNaN(parseBytes(control.value));
      control.setCustomValidity(bad ? 'Write a size like 20G or 512M.' : '');
    }
    return [...this.querySelectorAll('input, select, textarea')].every((each) => each.reportValidity());
  }

  /** { query, body }: what was entered; of a change only what differs from before. */
  values() {
    const result = { query: {}, body: {} };
    for (const field of this.fields) {
      const value = this.#read(field);
      if (value === undefined) continue;
      if (this.before && value === (this.before[field.name] ?? null)) continue;
      result[field.place][field.name] = value;
    }
    return result;
  }

  #read(field) {
    const { name, schema, required } = field;
    if (!this.#isWanted(field)) return undefined;
    if (schema.type === 'array')
      return [...this.querySelectorAll(`[name=${name}]:checked`)].map((each) => JSON.parse(each.value));
    const control = this.querySelector(`#${this.prefix}-${name}`);
    if (schema.type === 'boolean') return control.checked || this.before || schema.default ? control.checked : undefined;
    const text = control.value;
    if (text === '') return this.before && schema.nullable && !required ? null : undefined;
    if (IN_BYTES.test(name)) return parseBytes(text);
    return schema.type === 'integer' ? Number(text) : text;
  }
}

/** A list as boxes that can be ticked; pairs of a value and its text. */
function choices(id, name, pairs, chosen) {
  if (pairs.length === 0) return html`<p class="help">None.</p>`;
  const taken = new Set(chosen.map((each) => JSON.stringify(each)));
  return html`<div class="choices">${pairs.map(([value, text], index) => html`<div class="check">
    <input type="checkbox" id="${id}-${index}" name=${name} value=${JSON.stringify(value)} .checked=${taken.has(JSON.stringify(value))}>
    <label for="${id}-${index}">${text}</label></div>`)}</div>`;
}

customElements.define('schema-form', SchemaForm);
