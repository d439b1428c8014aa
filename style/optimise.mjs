// optimise.mjs FILE.wasm… : makes modules small, in place. One process for many modules: starting costs more than a small one.
import { readFileSync, writeFileSync } from 'node:fs';
import binaryen from 'binaryen';

const features = ['MutableGlobals', 'NontrappingFPToInt', 'BulkMemory', 'BulkMemoryOpt', 'SignExt', 'ReferenceTypes', 'CallIndirectOverlong', 'Multivalue']
  .map((name) => binaryen.Features[name])
  .reduce((all, feature) => all | feature);

// -Oz, and what is left to gain when the code is written down
binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(2);
binaryen.setGenerateStackIR(true);
binaryen.setOptimizeStackIR(true);

for (const file of process.argv.slice(2)) {
  const module = binaryen.readBinary(readFileSync(file), features);
  module.optimize();
  writeFileSync(file, module.emitBinary());
  module.dispose();
}
