/**
 * QR codes as browsers draw them (ISO/IEC 18004).
 *
 * @module
 */

/**
 * The modules of a QR code, row by row, true for dark ones, without the light
 * frame; `undefined` when the text is too long for one. Bytes, level L, mask 0.
 *
 * Its text is sent to browsers: it uses nothing from outside of itself.
 */
export function qrModules(text: string): boolean[][] | undefined {
  // Of each version: check bytes of a block, and blocks, at level L.
  const checkBytes =
    "7,10,15,20,26,18,20,24,30,18,20,24,26,30,22,24,28,30,28,28,28,28,30,30,26,28,30,30,30,30,30,30,30,30,30,30,30,30,30,30"
      .split(",").map(Number);
  const blockCounts =
    "1,1,1,1,1,2,2,2,2,4,4,4,4,4,6,6,6,6,7,8,8,9,9,10,12,12,12,13,14,15,16,17,18,19,19,20,21,22,24,25"
      .split(",").map(Number);
  const bytesIn = (version: number) => {
    let modules = (16 * version + 128) * version + 64;
    if (version > 1) {
      const marks = Math.floor(version / 7) + 2;
      modules -= (25 * marks - 10) * marks - 55 + (version > 6 ? 36 : 0);
    }
    return modules >> 3;
  };

  const bytes = new TextEncoder().encode(text);
  let version = 1;
  let room = 0;
  for (;; version++) {
    if (version > 40) return undefined;
    room = bytesIn(version) -
      checkBytes[version - 1] * blockCounts[version - 1];
    if (bytes.length + (version < 10 ? 2 : 3) <= room) break;
  }

  // 0100, length, bytes, 0000, then 0xec and 0x11 in turn.
  const data = new Uint8Array(room);
  let filled = 0;
  const put = (value: number, bits: number) => {
    for (let bit = bits - 1; bit >= 0; bit--, filled++) {
      data[filled >> 3] |= (value >> bit & 1) << (7 - (filled & 7));
    }
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, 4);
  for (let at = filled >> 3, pad = 0xec; at < room; at++, pad ^= 0xfd) {
    data[at] = pad;
  }

  // Reed-Solomon over GF(256), modulo 0x11d.
  const times = (a: number, b: number) => {
    let product = 0;
    for (let bit = 7; bit >= 0; bit--) {
      product = product << 1 ^ (product >> 7) * 0x11d;
      product ^= (b >> bit & 1) * a;
    }
    return product;
  };
  const checks = checkBytes[version - 1];
  const divisor: number[] = new Array(checks).fill(0);
  divisor[checks - 1] = 1;
  for (let step = 0, root = 1; step < checks; step++, root = times(root, 2)) {
    for (let at = 0; at < checks; at++) {
      divisor[at] = times(divisor[at], root) ^ (divisor[at + 1] ?? 0);
    }
  }
  const blockCount = blockCounts[version - 1];
  const whole = bytesIn(version);
  const shortBlocks = blockCount - whole % blockCount;
  const shortLength = Math.floor(whole / blockCount) - checks;
  const blocks: { data: Uint8Array; check: number[] }[] = [];
  for (let block = 0, at = 0; block < blockCount; block++) {
    const end = at + shortLength + (block < shortBlocks ? 0 : 1);
    const check: number[] = new Array(checks).fill(0);
    for (const byte of data.subarray(at, end)) {
      const factor = byte ^ (check.shift() ?? 0);
      check.push(0);
      for (let i = 0; i < checks; i++) check[i] ^= times(divisor[i], factor);
    }
    blocks.push({ data: data.subarray(at, end), check });
    at = end;
  }
  const stream: number[] = [];
  for (let at = 0; at <= shortLength; at++) {
    for (const block of blocks) {
      if (at < block.data.length) stream.push(block.data[at]);
    }
  }
  for (let at = 0; at < checks; at++) {
    for (const block of blocks) stream.push(block.check[at]);
  }

  // What has a fixed place, and then the data around it.
  const size = version * 4 + 17;
  const modules: boolean[][] = [];
  const fixed: boolean[][] = [];
  for (let y = 0; y < size; y++) {
    modules.push(new Array(size).fill(false));
    fixed.push(new Array(size).fill(false));
  }
  const set = (x: number, y: number, dark: boolean) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    modules[y][x] = dark;
    fixed[y][x] = true;
  };
  const rings = (cx: number, cy: number, radius: number, light: number[]) => {
    for (let y = -radius; y <= radius; y++) {
      for (let x = -radius; x <= radius; x++) {
        const ring = Math.max(Math.abs(x), Math.abs(y));
        set(cx + x, cy + y, !light.includes(ring));
      }
    }
  };
  for (let at = 0; at < size; at++) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  rings(3, 3, 4, [2, 4]);
  rings(size - 4, 3, 4, [2, 4]);
  rings(3, size - 4, 4, [2, 4]);
  if (version > 1) {
    const marks = Math.floor(version / 7) + 2;
    const step = version === 32
      ? 26
      : Math.ceil((version * 4 + 4) / (marks * 2 - 2)) * 2;
    const places = [6];
    for (let at = 1; at < marks; at++) {
      places.push(size - 7 - step * (at - 1));
    }
    for (const y of places) {
      for (const x of places) {
        const inCorner = (x === 6 && y === 6) ||
          (x === 6 && y === size - 7) || (x === size - 7 && y === 6);
        if (!inCorner) rings(x, y, 2, [1]);
      }
    }
  }
  const remainder = (value: number, steps: number, polynomial: number) => {
    let rest = value;
    for (let step = 0; step < steps; step++) {
      rest = rest << 1 ^ (rest >> (steps - 1)) * polynomial;
    }
    return value << steps | rest;
  };
  const format = remainder(1 << 3, 10, 0x537) ^ 0x5412;
  for (let bit = 0; bit < 15; bit++) {
    const dark = (format >> bit & 1) === 1;
    if (bit < 6) set(8, bit, dark);
    else if (bit < 8) set(8, bit + 1, dark);
    else if (bit === 8) set(7, 8, dark);
    else set(14 - bit, 8, dark);
    if (bit < 8) set(size - 1 - bit, 8, dark);
    else set(8, size - 15 + bit, dark);
  }
  set(8, size - 8, true);
  if (version > 6) {
    const bits = remainder(version, 12, 0x1f25);
    for (let bit = 0; bit < 18; bit++) {
      const far = size - 11 + bit % 3;
      const near = Math.floor(bit / 3);
      const dark = (bits >> bit & 1) === 1;
      set(far, near, dark);
      set(near, far, dark);
    }
  }
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const y = (right + 1 & 2) === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (fixed[y][x]) continue;
        const byte = stream[bit >> 3] ?? 0;
        const dark = (byte >> (7 - (bit & 7)) & 1) === 1;
        modules[y][x] = dark !== ((x + y) % 2 === 0);
        bit++;
      }
    }
  }
  return modules;
}
