# disposable_embed(target name file [name file ...]): a library whose read-only data holds the files as they are, between
# the symbols disposable_embedded_<name>_begin and _end. An assembler includes them, so that no copy of a file is ever in
# the repository and megabytes cost no compile time.
include_guard(GLOBAL)

function(disposable_embed target)
  # Keeps branch protection (-fcf-protection) of the executable whole: a linker drops it if one object says nothing.
  set(text "#ifdef __CET__\n#include <cet.h>\n#endif\n.section .rodata\n")
  set(files)
  while(ARGN)
    list(POP_FRONT ARGN name file)
    string(APPEND text
      ".balign 16\n"
      ".global disposable_embedded_${name}_begin\n.global disposable_embedded_${name}_end\n"
      "disposable_embedded_${name}_begin:\n.incbin \"${file}\"\ndisposable_embedded_${name}_end:\n.byte 0\n")
    list(APPEND files ${file})
  endwhile()
  string(APPEND text ".section .note.GNU-stack,\"\",@progbits\n")
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}.S)
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  add_library(${target} STATIC ${source})
  target_compile_options(${target} PRIVATE -fcf-protection=full)
endfunction()
