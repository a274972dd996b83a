// Converts between the model's pixels, floats in [0, 1], and pictures.

const LARGEST_FILE = 20e6; // bytes

/** Paints one image of several onto a canvas. */
export function paint(canvas, pixels, shape, index = 0) {
  const [height, width, channels] = shape, size = height * width, start = index * size * channels;
  const image = new ImageData(width, height);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < 4; k++)
      image.data[4 * i + k] = k === 3 ? 255 : Math.round(255 * pixels[start + i * channels + Math.min(k, channels < 3 ? 0 : 2)]);
  Object.assign(canvas, { width, height }).getContext("2d").putImageData(image, 0, 0);
}

/** How much each place differs, a grey image, and the largest of it. */
export function differenceOf(one, other, [height, width, channels]) {
  const difference = new Float32Array(height * width);
  for (let i = 0; i < one.length; i++) difference[Math.floor(i / channels)] += Math.abs(one[i] - other[i]) / channels;
  const largest = difference.reduce((a, b) => Math.max(a, b), 0);
  return { largest, pixels: difference.map(x => (largest ? x / largest : 0)) };
}

/** Peak signal-to-noise ratio in dB. */
export function psnrOf(one, other) {
  const error = one.reduce((sum, pixel, i) => sum + (pixel - other[i]) ** 2, 0) / one.length;
  return -10 * Math.log10(error);
}

/**
 * A picture (a file, or an element that shows one) as pixels of the model:
 * its middle, cut to the shape of the images and scaled.
 */
export async function pixelsOf(source, [height, width, channels]) {
  if (source.size > LARGEST_FILE) throw new RangeError("The file is larger than 20 MB: choose a smaller picture.");
  let picture;
  try {
    picture = await createImageBitmap(source, { colorSpaceConversion: "none" });
  } catch {
    throw new TypeError("The browser cannot read this file as a picture: choose a PNG or JPEG file.");
  }
  const side = Math.min(picture.width / width, picture.height / height), cut = [side * width, side * height];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (picture.width - cut[0]) / 2, (picture.height - cut[1]) / 2, ...cut, 0, 0, width, height);
  picture.close();
  const { data } = context.getImageData(0, 0, width, height), pixels = new Float32Array(height * width * channels);
  for (let i = 0; i < height * width; i++) {
    const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
    if (channels < 3) pixels.fill((0.299 * red + 0.587 * green + 0.114 * blue) / 255, i * channels, (i + 1) * channels);
    else pixels.set([red / 255, green / 255, blue / 255], i * channels);
  }
  return pixels;
}
