const TYPES = {
  ERR_INVALID_ARG_TYPE: TypeError,
  ERR_INVALID_ARG_VALUE: TypeError,
  ERR_OUT_OF_RANGE: RangeError,
};

export type ArgumentCode = keyof typeof TYPES;

/**
 * Every error of the package that has a code, Node's own for arguments. The native side has its
 * errors made here too, so that they are of the realm that has loaded the package.
 */
export function failure(code: ArgumentCode | `HPR_E${string}`, message: string): Error {
  const type = TYPES[code as ArgumentCode] ?? Error;
  return Object.assign(new type(message), { code });
}
