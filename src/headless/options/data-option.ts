/** What `--data` takes, wherever it stands. */
export const dataHelp =
  'digits or faces (synthetic), which come along, or a path: a folder of class sub-folders with images, IDX files, NumPy .npz or .npy, or a CSV table with pixels (FILE.csv#COLUMN names the one with the class)';
