#include "app/commands.h"

int main(int argc, char** argv) { return disposable::run(argc, argv); }
