export type ArgumentCode = "ERR_INVALID_ARG_TYPE" | "ERR_OUT_OF_RANGE";

/**
 * Every error of the package that has a code, Node's own for arguments. The native side has its
 * errors made here too, so that they are of the realm that has loaded the package.
 */
export function failure(code: ArgumentCode | `HPR_E${string}`, message: string): Error {
  const type = { ERR_INVALID_ARG_TYPE: TypeError, ERR_OUT_OF_RANGE: RangeError }[
    code as ArgumentCode
  ];
  return Object.assign(new (type ?? Error)(message), { code });
}
