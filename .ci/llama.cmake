# Read by CMake when the gate builds llama-cpp-python. Its CMakeLists.txt turns the library of llama.cpp's programs on,
# whatever it is told; a variable of the same name comes before that.
set(LLAMA_BUILD_COMMON OFF)
