// Elements of the page. Text is always set as text, never as HTML: names of
// factors come from the author of the data set.

export const $ = id => document.getElementById(id);

/** Makes an element with properties, then children; `data` are attributes. */
export function make(name, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties, element = Object.assign(document.createElement(name), rest);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Sets a number that the style sheet reads. */
export function setNumber(element, name, value) {
  element.style.setProperty(name, value);
  return element;
}

/** The bytes of a gzipped, base64-coded block of the page. */
export async function block(name) {
  const packed = atob($(`data-${name}`).textContent), gzipped = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) gzipped[i] = packed.charCodeAt(i);
  const stream = new Blob([gzipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
