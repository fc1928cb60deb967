/** The library of YAML, for who reads some. Imported by its names here, as a bundle finds no names in a CommonJS package that is loaded later. */
export { parse as parseYaml } from 'yaml';
