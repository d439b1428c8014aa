// fonts.mjs FOLDER THEME.css: writes into the folder each font that the style sheet names, with the signs that it is to have there and
// no more than is asked for.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import subsetFont from 'subset-font';

// What no font of a machine has is drawn as the box that the first font has for it. HarfBuzz empties that box unless it is told to
// keep it, and `subset-font` has no word for that.
const KEEP_BOX = 0x40;
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given);
  const harfbuzz = made.instance?.exports ?? {};
  if (!harfbuzz.hb_subset_input_set_flags) return made;
  const hb_subset_input_create_or_fail = () => {
    const input = harfbuzz.hb_subset_input_create_or_fail();
    if (input) harfbuzz.hb_subset_input_set_flags(input, harfbuzz.hb_subset_input_get_flags(input) | KEEP_BOX);
    return input;
  };
  return { ...made, instance: { exports: { ...harfbuzz, hb_subset_input_create_or_fail } } };
};

// The weights that the style sheet has, and the features that it or any browser uses by itself. Between them lie the weights from
// 100 to 900 that nobody sees, a third of each file.
const options = {
  targetFormat: 'woff2',
  variationAxes: { wght: { min: 400, max: 600 } },
  keepFeatures: ['calt', 'ccmp', 'kern', 'liga', 'locl', 'mark', 'mkmk', 'tnum'],
};

// Which of the alphabets that the faces come in holds the signs of a font that is cut out of it.
const CUT = { basic: 'latin', letters: 'latin', marks: 'latin', central: 'latin-ext' };

/** Every sign of `U+20-7E, U+A0`. */
function signs(ranges) {
  const points = ranges.split(',').flatMap((range) => {
    const [from, to = from] = range.trim().replace('U+', '').split('-').map((point) => parseInt(point, 16));
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
  return String.fromCodePoint(...points);
}

const [folder, theme] = process.argv.slice(2);
const named = /url\("\/pkg\/fonts\/((geist(?:-mono)?)-([a-z-]+)-wght-normal\.woff2)"\)[^}]*?unicode-range:([^;}]+)/g;
const faces = readFileSync(theme, 'utf8');
const found = [...faces.matchAll(named)];
if (!found.length || found.length !== faces.split('/pkg/fonts/').length - 1) throw new Error(`${theme} names a font in another way than this script reads`);
for (const [, name, face, part, ranges] of found) {
  const source = `./node_modules/@fontsource-variable/${face}/files/${face}-${CUT[part] ?? part}-wght-normal.woff2`;
  const font = readFileSync(new URL(source, import.meta.url));
  writeFileSync(join(folder, name), await subsetFont(font, signs(ranges), options));
}
