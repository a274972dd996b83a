// Properties of codes that need no model: their position and label, their
// distance from codes of images, and how they are written.
//
// A latent's `stops` are the codes that its control steps over: positions in
// a codebook, in the order of their values, or quantiles. `values` are the
// numbers in the codebook by code (null if they are vectors), `counts` the
// images that have the code of each stop (null if not known).

/** The stop of a code, or the nearest to it. */
export function stopOf({ stops }, code) {
  const found = stops.indexOf(code);
  if (found >= 0) return found;
  return stops.reduce((best, stop, i) => (Math.abs(stop - code) < Math.abs(stops[best] - code) ? i : best), 0);
}

/** A code in a few characters. */
export function labelOf({ isDiscrete, values }, code) {
  if (isDiscrete && !values) return `#${code}`;
  return (isDiscrete ? values[code] : code).toFixed(2).replace("-", "−");
}

/** The share of images that have a code, in words; nothing if not known. */
export function frequencyOf({ stops, counts }, code, numImages) {
  if (!counts) return "";
  const share = (counts[stops.indexOf(code)] ?? 0) / numImages;
  return share === 0 ? "in none of the images" : `in ${share < 0.01 ? "under 1" : Math.round(100 * share)} % of the images`;
}

/** A code in full, for screen readers. */
export function sayCode(latent, code, numImages) {
  const stop = latent.stops.indexOf(code), number = latent.stops.length;
  const place = stop >= 0 ? `value ${stop + 1} of ${number}` : "a value between those of the control";
  return [place, labelOf(latent, code), frequencyOf(latent, code, numImages)].filter(Boolean).join(", ");
}

/** Codes between `a` and `b`. Vectors have no order: latents change one after another. */
export function codesBetween(latents, a, b, way) {
  const differing = a.map((_, i) => i).filter(i => a[i] !== b[i]);
  return a.map((from, i) => {
    const to = b[i], { isDiscrete, values, stops } = latents[i];
    if (way === 0 || way === 1) return way ? to : from;
    if (!isDiscrete) return Math.fround(from + way * (to - from));
    if (!values) return way > (differing.indexOf(i) + 0.5) / differing.length ? to : from;
    const [first, last] = [stopOf(latents[i], from), stopOf(latents[i], to)];
    return stops[Math.round(first + way * (last - first))];
  });
}

/** Which latents have a value that no image has. */
export const neverSeen = (latents, codes) =>
  codes.flatMap((code, i) => (latents[i].counts && !latents[i].counts[latents[i].stops.indexOf(code)] ? [i] : []));

/**
 * The distance of codes from the nearest image: Euclidean, each latent times
 * its scale; if values are vectors, the number of latents that differ.
 */
export function distanceToSeen(latents, { codes: seen, scales }, codes) {
  const number = codes.length, valueOf = (i, code) => latents[i].values?.[code] ?? code;
  const scaled = scales && codes.map((code, i) => valueOf(i, code) * scales[i]);
  let least = Infinity;
  for (let row = 0; row < seen.length; row += number) {
    let distance = 0;
    for (let i = 0; i < number && distance < least; i++)
      distance += scales ? (valueOf(i, seen[row + i]) * scales[i] - scaled[i]) ** 2 : seen[row + i] !== codes[i];
    least = Math.min(least, distance);
  }
  return scales ? Math.sqrt(least) : least;
}

/** Codes as the part of an address after `#`. */
export const writeCodes = codes => `codes=${codes.map(code => (Number.isInteger(code) ? code : Number(code.toPrecision(9)))).join(",")}`;

/** Codes of such an address; null if it has no valid ones. */
export function readCodes(latents, address) {
  const text = new URLSearchParams(address.replace(/^#/, "")).get("codes");
  const codes = text ? text.split(",").map(part => (part.trim() === "" ? NaN : Number(part))) : [];
  const fits = codes.length === latents.length && codes.every((code, i) => {
    const { isDiscrete, size } = latents[i];
    return isDiscrete ? Number.isInteger(code) && code >= 0 && code < size : Math.abs(code) < 1e6;
  });
  return fits ? codes.map((code, i) => (latents[i].isDiscrete ? code : Math.fround(code))) : null;
}

/** Python that decodes the codes. */
export const asPython = codes =>
  `images = model.decode_codes([[${codes.map(code => (Number.isInteger(code) ? code : Number(code.toPrecision(9)))).join(", ")}]])`;
