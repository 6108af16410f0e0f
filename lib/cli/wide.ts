/** Apart from the rest, because to parse its patterns alone takes 9 ms. */
export { default as stringWidth } from "string-width";
