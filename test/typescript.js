'use strict';
/** `node -r ./test/typescript.js file.ts` runs a program from its source, for tests that start and kill processes. */
const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const { compilerOptions } = ts.readConfigFile(path.join(__dirname, '..', 'tsconfig.json'), ts.sys.readFile).config;
const { options } = ts.convertCompilerOptionsFromJson(
  { ...compilerOptions, rootDir: undefined, outDir: undefined },
  __dirname,
);

require.extensions['.ts'] = (module, file) => {
  module._compile(
    ts.transpileModule(fs.readFileSync(file, 'utf8'), { compilerOptions: options, fileName: file }).outputText,
    file,
  );
};
