/** The public API as text. */
export declare function render(): string;
