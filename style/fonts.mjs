// fonts.mjs FOLDER FONT.woff2… : writes each font into the folder with no more than the style sheet asks for, under its own name.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import subsetFont from 'subset-font';

// The weights that the style sheet has, and the features that it or any browser uses by itself. Between them lie the weights from
// 100 to 900 that nobody sees, a third of each file.
const options = {
  targetFormat: 'woff2',
  keepAllGlyphs: true,
  variationAxes: { wght: { min: 400, max: 600 } },
  keepFeatures: ['calt', 'ccmp', 'kern', 'liga', 'locl', 'mark', 'mkmk', 'tnum'],
};

const [folder, ...fonts] = process.argv.slice(2);
for (const font of fonts) {
  writeFileSync(join(folder, basename(font)), await subsetFont(readFileSync(font), undefined, options));
}
