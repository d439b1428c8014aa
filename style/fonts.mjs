// fonts.mjs FOLDER FONT.woff2… : writes each font into the folder with no more than the style sheet asks for; one of Latin letters
// three times: with all of them, under its own name, and with `basic` for `latin` with those that nearly every page is made of, and with
// `letters` with those of western Europe's languages beside them.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

// As `theme.css` says it of these faces: a browser gets the whole font for whatever else it meets.
const ascii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(0x20 + at)).join('');
const basic = `${ascii}\u00a0·×–—‘’“”…`;
const letters = Array.from({ length: 64 }, (_, at) => String.fromCharCode(0xc0 + at)).join('').replace(/[×÷]/g, '');

const [folder, ...fonts] = process.argv.slice(2);
for (const font of fonts) {
  const [name, content] = [basename(font), readFileSync(font)];
  writeFileSync(join(folder, name), await subsetFont(content, undefined, { ...options, keepAllGlyphs: true }));
  if (name.includes('-latin-wght')) {
    writeFileSync(join(folder, name.replace('latin', 'basic')), await subsetFont(content, basic, options));
    writeFileSync(join(folder, name.replace('latin', 'letters')), await subsetFont(content, letters, options));
  }
}
