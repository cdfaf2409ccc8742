/** A text by its letters alone, accents and case aside: to find by, and to put in order by. */
export const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae");
