# Warnings, hardening and sanitizers as interface targets.

add_library(disposable_flags INTERFACE)
target_compile_features(disposable_flags INTERFACE cxx_std_20)
target_include_directories(disposable_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(disposable_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wimplicit-fallthrough
  -Wnon-virtual-dtor -Woverloaded-virtual -Werror=unused-result -Werror=format-security
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
  $<$<BOOL:${DISPOSABLE_STATIC}>:-fPIE> -ffunction-sections -fdata-sections
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_compile_definitions(disposable_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(disposable_flags INTERFACE -Wthread-safety -Wreserved-identifier)
else()
  target_compile_options(disposable_flags INTERFACE -Wtrampolines -Wbidi-chars=any)
endif()
# What OpenSSF's hardening guide asks for on top, and what would hide from a sanitizer what it is there to find.
# tests/hardening holds all of it, and shows what each protects from.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(disposable_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-U_FORTIFY_SOURCE> $<$<COMPILE_LANGUAGE:CXX>:-D_FORTIFY_SOURCE=3>
    -fvisibility=hidden $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-ftrivial-auto-var-init=zero>)
endif()
if(DISPOSABLE_SANITIZE)
  target_compile_options(disposable_flags INTERFACE -fsanitize=${DISPOSABLE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(disposable_flags INTERFACE -fsanitize=${DISPOSABLE_SANITIZE})
endif()
find_package(Threads REQUIRED)
target_link_libraries(disposable_flags INTERFACE Threads::Threads)
