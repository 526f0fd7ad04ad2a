export async function makePictures() { throw new Error("none"); }
