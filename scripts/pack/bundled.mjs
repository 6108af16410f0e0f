/** The packages of npm whose code is in dist/, and the files of their licences. */
export const bundled = {
  "ansi-regex": "license",
  commander: "LICENSE",
  "detect-libc": "LICENSE",
  "get-east-asian-width": "license",
  "string-width": "license",
  "strip-ansi": "license",
};
