// Preloaded into processes that tests start from the sources: `node -r test/jest/typescript.js file.ts`.
const { readFileSync } = require('node:fs');
const ts = require('typescript');

const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, esModuleInterop: true };

require.extensions['.ts'] = (module, file) => {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions, fileName: file });
  module._compile(outputText, file);
};

// They end with the test run that started them.
process.stdin.on('end', () => process.exit(1)).resume();
