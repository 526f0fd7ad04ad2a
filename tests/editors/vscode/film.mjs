// A moving picture from screenshots: an animated PNG, which browsers and VS Code show, without a program to make it.
// https://www.w3.org/TR/png-3/#apng-frame-based-animation
import { crc32 } from 'node:zlib';

const SIGNATURE = 8;

/** The chunks of a PNG, by type; the data of the picture may be in several. */
function chunks(png) {
  const found = [];
  for (let at = SIGNATURE; at < png.length;) {
    const length = png.readUInt32BE(at);
    found.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return found;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([numbers(data.length), body, numbers(crc32(body))]);
}

/** Numbers of 32 bits. */
function numbers(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => bytes.writeUInt32BE(value, 4 * at));
  return bytes;
}

/** One PNG that shows pictures of one size in turn, each for some seconds, for ever. */
export function film(frames) {
  const [first] = frames;
  const header = chunks(first.png).find(({ type }) => type === 'IHDR').data;
  const parts = [first.png.subarray(0, SIGNATURE), chunk('IHDR', header), chunk('acTL', numbers(frames.length, 0))];
  let sequence = 0;
  for (const { png, seconds } of frames) {
    const all = chunks(png);
    if (!all.find(({ type }) => type === 'IHDR').data.equals(header)) throw new Error('the pictures are of different kinds');
    const time = Buffer.from([Math.round(seconds * 10) >> 8, Math.round(seconds * 10) & 255, 0, 10, 0, 0]);
    parts.push(chunk('fcTL', Buffer.concat([numbers(sequence++), header.subarray(0, 8), numbers(0, 0), time])));
    for (const { data } of all.filter(({ type }) => type === 'IDAT')) {
      parts.push(png === first.png ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([numbers(sequence++), data])));
    }
  }
  return Buffer.concat([...parts, chunk('IEND', Buffer.alloc(0))]);
}
