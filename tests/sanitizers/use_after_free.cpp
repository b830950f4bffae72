// Reads freed memory: AddressSanitizer must say so.
int main(int argc, char**) {
  int* const value = new int(argc);
  delete value;
  return *value;
}
