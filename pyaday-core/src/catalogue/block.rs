//! Shared blocks of bytes, each with its reference count in the same allocation.

use bytes::Bytes;

/// Copies these bytes into one allocation.
///
/// A `Bytes` made from a vector has its reference count in a separate allocation, so each response
/// would read two distant places in memory. A `Bytes` made from an array has the count in front of
/// the bytes. An array needs a fixed size, so this function has a list of sizes. The sizes of full
/// leaves differ by a few percent.
pub(super) fn of(bytes: &[u8]) -> Bytes {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match bytes.len() {
                $(..=$size => fill::<$size>(bytes),)*
                _ => Bytes::copy_from_slice(bytes),
            }
        };
    }
    sizes! {
        64 128 256 384 512 640 768 896 1024 1152 1280 1408 1536 1664 1792 1920 2048 2176 2304 2432
        2560 2688 2816 2944 3072 3200 3328 3456 3584 3712 3840 3968 4096 4224 4352 4480 4608 4736
        4864 4992 5120 5248 5376 5504 5632 5760 5888 6016 6144 6272 6400 6528 6656 6784 6912 7040
        7168 7296 7424 7552 7680 7808 7936 8064 8192 8448 9216 10240 12288 14336 16384 20480 24576
        28672 32768
    }
}

fn fill<const SIZE: usize>(bytes: &[u8]) -> Bytes {
    let mut array = [0; SIZE];
    array[..bytes.len()].copy_from_slice(bytes);
    let mut block = Bytes::from_owner(array);
    block.truncate(bytes.len());
    block
}
